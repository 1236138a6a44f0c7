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
request.model_path = r2s_text(model_path, 'model_path', 'a model file or a folder');
if nargin >= 2 && ~isempty(n_trials), request.n_trials = r2s_numbers(n_trials, 'n_trials', 'a whole number'); end
if nargin >= 3 && ~isempty(scaling_factors), request.scaling_factors = r2s_numbers(scaling_factors, 'scaling_factors'); end
if nargin >= 4 && ~isempty(use_initial_weights)
    request.use_initial_weights = r2s_flag(use_initial_weights, 'use_initial_weights');
end
if nargin >= 5 && ~isempty(task), request.task = r2s_text(task, 'task', 'such as ''go-nogo'''); end
if nargin >= 6 && ~isempty(reclaim), request.reclaim = r2s_flag(reclaim, 'reclaim'); end
if nargin >= 7 && ~isempty(options)
    if ~isstruct(options) || numel(options) ~= 1
        error('rate2spike:input', ['options must be one struct, such as struct(''neuron'', ''eif''), got %s ' ...
            '(several texts stand in two pairs of braces: struct(''lesion'', {{''E'', ''3''}}))'], r2s_shown(options));
    end
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
