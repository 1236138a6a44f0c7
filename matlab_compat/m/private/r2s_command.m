function command = r2s_command(python, arguments)
% Shell command for a Python and its arguments.
if ispc
    % cmd.exe strips outer quotes from a command that begins with one
    command = ['cd . && ' r2s_quote(python) ' ' arguments];
else
    % MATLAB sets LD_LIBRARY_PATH for itself: with it other programs load its old libraries
    command = ['LD_LIBRARY_PATH= ' r2s_quote(python) ' ' arguments];
end
end
