function command = r2s_command(python, arguments, with_path)
% Shell command for a Python and its arguments, free of what the environment of MATLAB means for other Pythons.
% with_path: keep PYTHONPATH.
names = {'PYTHONHOME', 'PYTHONPLATLIBDIR', 'PYTHONEXECUTABLE', 'PYTHONINSPECT', 'PYTHONWARNINGS', 'PYTHONOPTIMIZE', ...
    'PYTHONHASHSEED', 'PYTHONMALLOC', '__PYVENV_LAUNCHER__'};
if ~with_path, names{end + 1} = 'PYTHONPATH'; end
if ispc
    % cmd.exe strips outer quotes from a command that begins with one; a blank before the & would be the value
    command = ['cd . & ' sprintf('set %s=& ', names{:}) r2s_quote(python) ' ' arguments];
else
    % MATLAB sets LD_LIBRARY_PATH for itself: with it other programs load its old libraries. Empty counts as not set
    names{end + 1} = 'LD_LIBRARY_PATH';
    command = [sprintf('%s= ', names{:}) r2s_quote(python) ' ' arguments];
end
end
