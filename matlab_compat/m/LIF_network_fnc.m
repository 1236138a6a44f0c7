function [W, REC, spk, rs, all_fr, out, params] = LIF_network_fnc(model_path, scaling_factor, u, stims, downsample, use_initial_weights)
% LIF_NETWORK_FNC  One trial of the spiking network of a model file.
%   [W, REC, spk, rs, all_fr, out, params] = LIF_network_fnc(model_path, scaling_factor, u, stims, downsample, use_initial_weights)
%
%   Same inputs, outputs, classes and sizes as the published function, simulated by the Python package rate2spike.
%     model_path            .mat file of a trained rate network
%     scaling_factor        the recurrent and output weights are divided by it; []: the one that a search left in the file
%     u                     inputs x columns, one column per 5 ms
%     stims                 struct: mode 'none', 'exc' or 'inh'; dur [on off] in steps; units (numbers or a logical mask)
%     downsample            use every d-th column of u (default 1)
%     use_initial_weights   true: the recurrent weights before training (default false)
%   N units, nt steps: W N x N; REC, spk, rs N x nt; all_fr N x 1 (Hz); out 1 x nt; params has dt, T, nt, w_out, td, td0, IPSCs.
%   td and td0 are N x 1, or one number where the model has one time constant.
%
%   Only the outputs asked for are computed and transferred: ask for few. The noise follows from MATLAB's random stream, so
%   that rng(1) (rand('twister', 1) in Octave) before the call makes it repeatable. For many trials use RATE2SPIKE_RUN.
if nargin < 3
    error('rate2spike:input', 'LIF_network_fnc needs model_path, scaling_factor and u');
end
if nargin < 4, stims = []; end
if nargin < 5 || isempty(downsample), downsample = 1; end
if nargin < 6 || isempty(use_initial_weights), use_initial_weights = false; end

request = r2s_request('simulate', model_path, u, stims, downsample, use_initial_weights);
request.scaling_factor = r2s_numbers(scaling_factor, 'scaling_factor', 'a number');
request.n_outputs = max(nargout, 1);
answer = r2s_call(request);

W = answer.W;
if nargout > 1, REC = double(answer.REC); end
if nargout > 2, spk = double(answer.spk); end
if nargout > 3, rs = double(answer.rs); end
if nargout > 4, all_fr = answer.all_fr; end
if nargout > 5, out = answer.out; end
if nargout > 6
    params = answer.params;
    params.IPSCs = double(params.IPSCs);
end
end
