function results = rate2spike_eval_go_nogo(model_path, use_initial_weights)
% RATE2SPIKE_EVAL_GO_NOGO  One NoGo and one Go trial of a Go-NoGo model, with the three published figures.
%   results = rate2spike_eval_go_nogo(model_path, use_initial_weights)
%
%   model_path: a model file with an opt_scaling_factor, or a folder (its first model is taken, if need be
%   from a subfolder, as of a population). results has the fields
%   model_path, scaling_factor, out_nogo, out_go (1 x nt), spk_nogo, spk_go (N x nt) and params. Figures: both outputs; a
%   raster per trial, excitatory units red, inhibitory ones blue.
if nargin < 2 || isempty(use_initial_weights), use_initial_weights = false; end
if nargin < 1
    error('rate2spike:input', 'rate2spike_eval_go_nogo needs a model file or a folder');
end
model_path = r2s_first_model(r2s_text(model_path, 'model_path', 'a model file or a folder'));
try
    model = load('-mat', model_path);
catch unreadable
    error('rate2spike:input', 'cannot read %s as a MAT file: %s', model_path, unreadable.message);
end
if ~all(isfield(model, {'w_in', 'inh'}))
    error('rate2spike:input', '%s is not a model file: it lacks w_in or inh', model_path);
end
if ~isfield(model, 'opt_scaling_factor') || any(isnan(model.opt_scaling_factor(:)))
    error('rate2spike:input', '%s has no opt_scaling_factor yet: run lambda_grid_search first', model_path);
end
if size(model.w_in, 2) ~= 1
    error('rate2spike:input', '%s is no Go-NoGo network: it has %d inputs', model_path, size(model.w_in, 2));
end
if isfield(model, 'r2s_search_network')
    warning('rate2spike:searched', 'the scaling factor was searched for another network than the one drawn: %s', model.r2s_search_network);
end
stims.mode = 'none';
u = zeros(1, 201);
u_go = u;
u_go(31:50) = 1;
factor = r2s_numbers(model.opt_scaling_factor, 'opt_scaling_factor of the file', 'a number');
[~, ~, spk_nogo, ~, ~, out_nogo] = LIF_network_fnc(model_path, factor, u, stims, 1, use_initial_weights);
[~, ~, spk_go, ~, ~, out_go, params] = LIF_network_fnc(model_path, factor, u_go, stims, 1, use_initial_weights);
results = struct('model_path', model_path, 'scaling_factor', factor, 'out_nogo', out_nogo, 'out_go', out_go, ...
    'spk_nogo', spk_nogo, 'spk_go', spk_go, 'params', params);

if exist('OCTAVE_VERSION', 'builtin') && isempty(available_graphics_toolkits())
    warning('rate2spike:figures', 'no figures: this Octave has no graphics toolkit (gnuplot is the smallest)');
    return
end
t = double(params.dt) * (1:double(params.nt));
figure;
plot(t, out_nogo, 'm', t, out_go, 'g', 'LineWidth', 2);
xlabel('time (s)'); ylabel('output'); legend('NoGo', 'Go', 'Location', 'northeastoutside');
r2s_raster(t, spk_nogo, model.inh, 'NoGo trial');
r2s_raster(t, spk_go, model.inh, 'Go trial');
end
