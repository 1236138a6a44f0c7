function is_there = r2s_has_package(python)
% Whether this Python runs and can import the package.
status = 1;
if ~isempty(python)
    [status, ~] = system([r2s_command(python, '-P -c "import rate2spike"') ' 2>&1']);
end
is_there = status == 0;
end
