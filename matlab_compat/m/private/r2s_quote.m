function quoted = r2s_quote(text)
% A path as one word for the shell.
if ispc
    quoted = ['"' text '"'];
else
    quoted = ['''' strrep(text, '''', '''\''''') ''''];
end
end
