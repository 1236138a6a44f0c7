function r2s_remove(folder)
% Delete a temporary folder with the files in it, whatever happened before.
if exist(folder, 'dir') ~= 7, return, end
names = dir(folder);
for k = 1:numel(names)
    if ~names(k).isdir, delete(fullfile(folder, names(k).name)); end
end
rmdir(folder);
end
