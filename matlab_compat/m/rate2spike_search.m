function [files, notes] = rate2spike_search(model_path, n_trials, scaling_factors, use_initial_weights, task, reclaim, options)
% RATE2SPIKE_SEARCH  Lambda grid search over a model file, or over every one in a folder.
%   [files, notes] = rate2spike_search(model_path, n_trials, scaling_factors, use_initial_weights, task, reclaim, options)
%
%   Appends opt_scaling_factor, all_perfs and scaling_factors to each file; all else in it stays as it is. Files that have
%   an opt_scaling_factor are skipped. Defaults: 100 trials, 20:5:75, trained weights, the task that the file or its path
%   names ('go-nogo', 'xor', 'mante'). reclaim true: also files that a killed search, or another program, marked with NaN.
%   options: a struct with further ones, called as the flags of `rate2spike search --help` with _ for -, such as
%     struct('neuron', 'eif', 'neuron_options', struct('slope_mv', 2), 'downsample', 2, 'frozen_noise', true)
%   but for neuron_options and task_options (structs), dt_s (seconds) and n_threads. They are kept in the file
%   (r2s_search_network, r2s_search_options). The option seed makes the trials
%   repeatable; else it is drawn. Interrupted, the search goes on where it was when called again, with the trials it began
%   with.
if nargin < 1
    error('rate2spike:input', 'rate2spike_search needs a model file or a folder');
end
request.action = 'search';
request.model_path = char(model_path);
if nargin >= 2 && ~isempty(n_trials), request.n_trials = double(n_trials); end
if nargin >= 3 && ~isempty(scaling_factors), request.scaling_factors = double(scaling_factors); end
if nargin >= 4 && ~isempty(use_initial_weights), request.use_initial_weights = double(use_initial_weights); end
if nargin >= 5 && ~isempty(task), request.task = char(task); end
if nargin >= 6 && ~isempty(reclaim), request.reclaim = double(reclaim); end
if nargin >= 7 && ~isempty(options)
    names = fieldnames(options);
    for k = 1:numel(names), request.(names{k}) = options.(names{k}); end
end
answer = r2s_call(request, true);
files = answer.files;
notes = answer.notes;
for k = 1:numel(files)
    fprintf('%s: %s\n', files{k}, notes{k});
end
end
