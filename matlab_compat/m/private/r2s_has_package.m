function [is_there, why] = r2s_has_package(python, with_path)
% Whether this Python runs and can import the package; if not, what it said was wrong.
status = 1;
why = 'no path was given';
if ~isempty(python)
    [status, text] = system([r2s_command(python, '-P -c "import rate2spike, numpy"', with_path) ' 2>&1']);
    lines = strsplit(strtrim(text), sprintf('\n'));
    errors = lines(~cellfun(@isempty, strfind(lines, 'rror:')));  % after them Python may print the threads it had
    if ~isempty(errors), lines = errors; end
    why = strtrim(lines{end});
end
is_there = status == 0;
end
