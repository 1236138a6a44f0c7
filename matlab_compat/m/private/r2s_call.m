function answer = r2s_call(request, is_live)
% Send a request to the package and return its answer; errors on its side become MATLAB errors.
% is_live: show its output as it comes (progress of a search).
if nargin < 2, is_live = false; end
[python, with_path] = r2s_python();
folder = tempname;
mkdir(folder);
cleaner = onCleanup(@() r2s_remove(folder));
request_file = fullfile(folder, 'request.mat');
answer_file = fullfile(folder, 'answer.mat');
if exist('OCTAVE_VERSION', 'builtin')
    save('-v7', request_file, '-struct', 'request');
else
    save(request_file, '-struct', 'request', '-v7');
end
command = r2s_command(python, ['-P -m rate2spike matlab-bridge ' r2s_quote(request_file) ' ' r2s_quote(answer_file)], with_path);
text = '';
if is_live
    status = system(command);
else
    [status, text] = system([command ' 2>&1']);
end
if exist(answer_file, 'file') ~= 2
    error('rate2spike:failed', 'the Python side ended with status %d: %s', status, strtrim(text));
end
answer = load(answer_file);
if isfield(answer, 'error_message')
    error('rate2spike:input', '%s', answer.error_message);
elseif status ~= 0
    error('rate2spike:failed', 'the Python side ended with status %d: %s', status, strtrim(text));
end
end
