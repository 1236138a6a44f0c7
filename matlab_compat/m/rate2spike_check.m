function versions = rate2spike_check(python)
% RATE2SPIKE_CHECK  Find Python and the package; print versions, or say exactly what to fix.
%   rate2spike_check                          looks where the other functions look
%   rate2spike_check('/path/to/bin/python')   uses this Python from now on (kept as a preference)
%
%   Order of search: that preference being set just now, the environment variable RATE2SPIKE_PYTHON, an earlier preference,
%   the Python that ran `rate2spike matlab-path`, a virtual environment beside the package, python3 and python on the path.
if nargin > 0 && ~isempty(python)
    python = r2s_text(python, 'python', 'the path of a Python');
    r2s_python(python);
    setpref('rate2spike', 'python', python);
else
    python = r2s_python('');
end
versions = r2s_call(struct('action', 'versions'));
versions.executable = python;
if nargout == 0
    fprintf('rate2spike %s in %s\n', versions.rate2spike, versions.folder);
    fprintf('Python %s: %s\n', versions.python, python);
    fprintf('numpy %s, scipy %s, numba %s, h5py %s, tensorflow %s\n', versions.numpy, versions.scipy, versions.numba, ...
        versions.h5py, versions.tensorflow);
    clear versions
end
end
