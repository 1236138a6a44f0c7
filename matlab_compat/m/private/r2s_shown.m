function text = r2s_shown(value)
% A value as an error names it: short text and single numbers themselves, all else by class and size.
if ischar(value) && size(value, 1) <= 1 && numel(value) <= 60
    text = ['the text ''' value ''''];
elseif (isnumeric(value) || islogical(value)) && numel(value) == 1 && isreal(value)
    text = sprintf('%g', full(double(value)));
else
    text = sprintf('%s of %s', class(value), strjoin(arrayfun(@(n) sprintf('%d', n), size(value), 'UniformOutput', false), ' x '));
end
end
