function candidates = r2s_candidates()
% Pythons to try, the most explicit first.
candidates = {};
named = getenv('RATE2SPIKE_PYTHON');
if ~isempty(named), candidates{end + 1} = named; end
if ispref('rate2spike', 'python'), candidates{end + 1} = getpref('rate2spike', 'python'); end
here = fileparts(fileparts(mfilename('fullpath')));
note = fullfile(here, 'python_path.txt');  % written by `rate2spike matlab-path`
if exist(note, 'file') == 2
    candidates{end + 1} = strtrim(fileread(note));
end
package = fileparts(fileparts(here));
if ispc
    beside = {fullfile(package, '.venv', 'Scripts', 'python.exe'), fullfile(package, '..', '..', '..', 'Scripts', 'python.exe')};
else
    beside = {fullfile(package, '.venv', 'bin', 'python'), fullfile(package, '..', '..', '..', '..', 'bin', 'python')};
end
for k = 1:numel(beside)
    if exist(beside{k}, 'file') == 2, candidates{end + 1} = beside{k}; end %#ok<AGROW>
end
candidates = [candidates, {'python3', 'python'}];
end
