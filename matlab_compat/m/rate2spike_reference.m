function [W, REC, spk, rs, all_fr, out, params] = rate2spike_reference(model_path, scaling_factor, u, stims, downsample, use_initial_weights, UZ, NZ)
% RATE2SPIKE_REFERENCE  The equations of the spiking network in plain MATLAB, without Python (slow).
%   Arguments and outputs as LIF_NETWORK_FNC. UZ (uniforms) and NZ (normals): the random numbers in the order of use; without
%   them rand and randn are called. Equations: Kim, Li & Sejnowski, PNAS 2019, Methods; Euler steps of 0.05 ms * downsample.
if nargin < 4 || isempty(stims), stims = struct('mode', 'none'); end
if nargin < 5 || isempty(downsample), downsample = 1; end
if nargin < 6 || isempty(use_initial_weights), use_initial_weights = false; end
model = load(char(model_path));
if isfield(model, 'r2s_dendrites')
    error('rate2spike:input', '%s has dendrites (r2s_dendrites), which this reference does not know: use LIF_network_fnc', char(model_path));
end
N = double(model.N);
u = double(u(:, 1:downsample:end));
dt = 5e-5 * downsample;
nt = 100 * (size(u, 2) - 1);
if nargin < 8
    UZ = rand(N + nt, 1);
    NZ = randn(N * nt, 1);
end

% weights: signs by column, mask, scaling
w = model.w;
if use_initial_weights, w = model.w0; end
W = ((w * model.m) .* model.som_m) / scaling_factor;
w_out = model.w_out / scaling_factor;
drive = model.w_in * u;
if isfield(model, 'r2s_unit_bias'), drive = bsxfun(@plus, drive, model.r2s_unit_bias); end

% constants, in s and mV
t_ref = 0.002; tau_m = 0.010; tau_r = 0.002;
v_reset = -65; v_peak = -40; bias = v_peak;
td = decay_constants(model.taus, model.taus_gaus);
td0 = decay_constants(model.taus, model.taus_gaus0);

% stimulation window and units
is_stimulated = false(N, 1);
on = 0; off = 0; push = 0;
if ~strcmpi(stims.mode, 'none')
    is_stimulated(stims.units) = true;
    on = stims.dur(1); off = stims.dur(2);
    push = 0.5;
    if strcmpi(stims.mode, 'inh'), push = -0.5; end
end

% state
v = v_reset + UZ(1:N) * 95;
n_coins = N;
ipsc = zeros(N, 1); h = ipsc; r = ipsc; hr = ipsc; t_last = ipsc;
REC = zeros(N, nt); spk = REC; rs = REC; IPSCs = REC;
for i = 1:nt
    IPSCs(:, i) = ipsc;
    I = ipsc + bias + double(drive(:, floor(i / 100 + 0.5) + 1));
    integrates = dt * i > t_last + t_ref;
    v = v + dt * (integrates .* (I - v) / tau_m) + NZ((i - 1) * N + (1:N)') / 10;
    if i >= on && i < off
        n_coins = n_coins + 1;
        if UZ(n_coins) < 0.5
            v(is_stimulated) = v(is_stimulated) + push;
        end
    end
    fired = v >= v_peak;
    t_last = t_last + (dt * i - t_last) .* fired;
    if any(fired), jump = sum(double(W(:, fired)), 2); else, jump = zeros(N, 1); end
    ipsc = ipsc .* exp(-dt ./ td) + h * dt;
    h = h * exp(-dt / tau_r) + jump ./ (tau_r * td);
    r = r .* exp(-dt ./ td) + hr * dt;
    hr = hr * exp(-dt / tau_r) + fired ./ (tau_r * td);
    rs(:, i) = r;
    spk(:, i) = fired;
    v(fired) = 30;
    REC(:, i) = v;
    v(fired) = v_reset;
end
T = nt * dt;
all_fr = sum(spk(:, 10:end), 2) / T;
out = w_out * rs;
params = struct('dt', dt, 'T', T, 'nt', nt, 'w_out', model.w_out, 'td', td, 'td0', td0, 'IPSCs', IPSCs);
end

function td = decay_constants(taus, taus_gaus)
% Synaptic decay time constants in s: trained ones lie between two limits, in steps of 5 ms; one for all units is a scalar.
taus = double(taus);
if numel(taus) > 1
    td = (1 ./ (1 + exp(-taus_gaus)) * (taus(2) - taus(1)) + taus(1)) * 0.005;
else
    td = taus * 5 / 1000;
end
end
