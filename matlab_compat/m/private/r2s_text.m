function value = r2s_text(value, name, expected)
% A char row; a string or a cell with one text becomes one. expected: what it should be, in words.
if iscellstr(value) && numel(value) == 1, value = value{1}; end %#ok<ISCLSTR>
if isa(value, 'string') && numel(value) == 1, value = char(value); end
if ~ischar(value) || size(value, 1) > 1
    error('rate2spike:input', '%s must be text, %s, got %s', name, expected, r2s_shown(value));
end
end
