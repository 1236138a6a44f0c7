function value = r2s_numbers(value, name, expected)
% The numbers in double; text and cells are refused, which double() would turn into other numbers or into an error of its own.
% expected: what it should be, in words.
if nargin < 3, expected = 'numbers'; end
if ~isnumeric(value) && ~islogical(value)
    error('rate2spike:input', '%s must be %s, got %s', name, expected, r2s_shown(value));
end
value = double(value);
end
