function value = r2s_flag(value, name)
% true or false as the number that the Python side expects.
value = r2s_numbers(value, name, 'true or false');
if numel(value) ~= 1 || ~any(value == [0 1])
    error('rate2spike:input', '%s must be true or false, got %s', name, r2s_shown(value));
end
end
