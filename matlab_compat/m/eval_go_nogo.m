% EVAL_GO_NOGO  Draw one NoGo and one Go trial of a Go-NoGo model (script, as published).
%
%   Set any of these before you call it, or edit a copy of this file:
%     model_dir             folder (its first model is taken), or a model file; it must have been searched
%     use_initial_weights   true: weights before training
%   Leaves out_nogo, out_go, spk_nogo, spk_go, params and opt_scaling_factor in the workspace.
if ~exist('model_dir', 'var')
    model_dir = fullfile('..', 'models', 'go-nogo', 'P_rec_0.2_Taus_4.0_20.0');
    if exist(model_dir, 'dir') ~= 7
        clear model_dir
        error('rate2spike:input', 'set model_dir first, to your folder of models or to a model file: model_dir = ''models/go-nogo''');
    end
end
if ~exist('use_initial_weights', 'var'), use_initial_weights = false; end

eval_results = rate2spike_eval_go_nogo(model_dir, use_initial_weights);
model_path = eval_results.model_path;
opt_scaling_factor = eval_results.scaling_factor;
out_nogo = eval_results.out_nogo;
out_go = eval_results.out_go;
spk_nogo = eval_results.spk_nogo;
spk_go = eval_results.spk_go;
params = eval_results.params;
clear eval_results
