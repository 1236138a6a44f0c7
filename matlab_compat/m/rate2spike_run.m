function [out, all_fr, spikes] = rate2spike_run(model_path, scaling_factors, u, stims, downsample, use_initial_weights)
% RATE2SPIKE_RUN  Many trials at one or several scaling factors in one call, on all cores.
%   [out, all_fr, spikes] = rate2spike_run(model_path, scaling_factors, u, stims, downsample, use_initial_weights)
%
%     u        inputs x columns x trials: one input per trial, one column per 5 ms
%     out      trials x steps x factors, single
%     all_fr   units x trials x factors, firing rates in Hz
%     spikes   trials x factors cell; each 2 x n: unit and step of every spike
%   The other arguments are those of LIF_NETWORK_FNC. Python starts once, so this is the fast way to run a loop over trials:
%
%     u = zeros(1, 201, 100);  u(1, 50:75, 51:100) = 1;        % 50 NoGo trials, 50 Go trials
%     out = rate2spike_run('model.mat', 20:5:75, u);
%     plot(squeeze(out(100, :, 2)))                             % the last trial at factor 25
if nargin < 3
    error('rate2spike:input', 'rate2spike_run needs model_path, scaling_factors and u');
end
if nargin < 4, stims = []; end
if nargin < 5 || isempty(downsample), downsample = 1; end
if nargin < 6 || isempty(use_initial_weights), use_initial_weights = false; end

request = r2s_request('run', model_path, u, stims, downsample, use_initial_weights);
request.scaling_factors = r2s_numbers(scaling_factors, 'scaling_factors');
request.with_spikes = nargout > 2;
answer = r2s_call(request);

out = answer.out;
if nargout > 1, all_fr = answer.all_fr; end
if nargout > 2, spikes = answer.spikes; end
end
