function model_path = r2s_first_model(path)
% The file itself, or the first .mat file of a folder, else of its subfolders (a run, a population).
if exist(path, 'dir') == 7
    model_path = first_below(path);
    if isempty(model_path)
        error('rate2spike:input', 'folder %s holds no .mat file, nor do its subfolders', path);
    end
elseif exist(path, 'file') == 2
    model_path = path;
else
    error('rate2spike:input', 'there is no file or folder %s', path);
end
end

function found = first_below(folder)
found = '';
entries = dir(folder);
names = {entries.name};
is_hidden = strncmp(names, '.', 1) | strcmp(names, '__MACOSX');  % macOS leaves ._net.mat beside net.mat
is_mat = ~cellfun('isempty', regexp(names, '\.mat$', 'once')) & ~strcmp(names, 'last_good.mat');
files = names(~is_hidden & is_mat & ~[entries.isdir]);
folders = names(~is_hidden & [entries.isdir]);
if ~isempty(files)
    found = fullfile(folder, files{1});
end
k = 1;
while isempty(found) && k <= numel(folders)
    found = first_below(fullfile(folder, folders{k}));
    k = k + 1;
end
end
