% LAMBDA_GRID_SEARCH  Find the scaling factor of every model in a folder (script, as published).
%
%   Set any of these before you call it, or edit a copy of this file:
%     model_dir             folder of model files, or one file
%     n_trials              trials per scaling factor
%     scaling_factors       factors to try
%     use_initial_weights   true: weights before training
%   Example:  model_dir = 'models/go-nogo/P_rec_0.2_Taus_4.0_20.0'; lambda_grid_search
%
%   Leaves in the workspace mat_files (cell of paths) and, of the last model, opt_scaling_factor, all_perfs and
%   scaling_factors as they stand in its file.
if ~exist('model_dir', 'var')
    model_dir = fullfile('..', 'models', 'go-nogo', 'P_rec_0.2_Taus_4.0_20.0');
    if exist(model_dir, 'dir') ~= 7
        clear model_dir
        error('rate2spike:input', 'set model_dir first, to your folder of models or to a model file: model_dir = ''models/go-nogo''');
    end
end
if ~exist('n_trials', 'var'), n_trials = 100; end
if ~exist('scaling_factors', 'var'), scaling_factors = 20:5:75; end
if ~exist('use_initial_weights', 'var'), use_initial_weights = false; end

[mat_files, search_notes] = rate2spike_search(model_dir, n_trials, scaling_factors, use_initial_weights);
is_done = false;
try  % a file that could not be searched may lack the variable, or be unreadable
    is_done = ~any(isnan(getfield(load(mat_files{end}, 'opt_scaling_factor'), 'opt_scaling_factor')));
end
if ~is_done
    error('rate2spike:input', '%s: %s', mat_files{end}, search_notes{end});
end
load(mat_files{end}, 'opt_scaling_factor', 'all_perfs', 'scaling_factors');
