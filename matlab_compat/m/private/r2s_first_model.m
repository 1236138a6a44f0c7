function model_path = r2s_first_model(path)
% The file itself, or the first .mat file of a folder.
model_path = path;
if exist(path, 'dir') == 7
    names = dir(fullfile(path, '*.mat'));
    names = names(~strncmp({names.name}, '.', 1));  % macOS leaves ._net.mat beside net.mat
    if isempty(names)
        error('rate2spike:input', 'folder %s holds no .mat file', path);
    end
    model_path = fullfile(path, names(1).name);
elseif exist(path, 'file') ~= 2
    error('rate2spike:input', 'there is no file or folder %s', path);
end
end
