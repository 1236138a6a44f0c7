function traces = rate2spike_cascade(figure_name, params)
% RATE2SPIKE_CASCADE  Simulate a cell with a dendrite as in the cascade figures of Harkin, Shen et al. (2022).
%   traces = rate2spike_cascade(figure_name, params)
%
%     figure_name  'fig3'  one dendritic subunit, linear and nonlinear
%                  'fig4'  dendrite with sodium channels, which spikes of the soma reach (in the place of Simulink)
%                  'fig5'  sodium and calcium stages in parallel, which drive NMDA
%                  'fig6'  soma and dendrite that excite each other
%     params       struct with the settings that are not to be the default (left out: none), or an array of structs, whose
%                  runs Python then does in one go; a field that is [] is left out
%     traces       struct, or an array as large as params; signals are columns
%
%   'fig4': fields of params are peak, loc (also half_activation), gain, sensit (sensitivity), pulse_height, soma_thresh
%   (soma_threshold), and pulse_width_ms, tau_input_ms, tau_soma_ms, tau_dendrite_ms, tau_sodium_ms, duration_ms, dt_ms;
%   input (also stimulus): a vector in the place of the alpha function of height peak, with a value every dt_ms. traces has
%   time (ms), input, Vd, Vd_lin, Vs, Vs_lin, Vs_nl and peak, loc, gain, sensit, pulse_height, soma_thresh, as the runs of
%   Simulink have them; as there, time has the beginning and end of pulses between its regular steps:
%
%     t = rate2spike_cascade('fig4', struct('peak', 1.75, 'loc', 1.9, 'sensit', 0.3, 'soma_thresh', 0.19));
%     plot(t.time, t.Vd, t.time, t.Vs_lin + 0.7 * t.Vs_nl)
%     runs = rate2spike_cascade('fig4', struct('peak', num2cell(0:0.05:3)));    % 61 runs
%     largest = arrayfun(@(run) max(run.Vd), runs);
%
%   The other figures need their input, and have the names of `rate2spike cascade FIGURE --help` with _ for -:
%   'fig3': input (stimulus); traces has time_ms, stimulus, v_linear, drive, v_dendrite.
%   'fig5': input (stimulus); traces has time_ms, stimulus, na, ca, nmda.
%   'fig6': soma_input and dendrite_input; traces has time_ms, both inputs, soma_linear, adaptation, dendrite_linear,
%           spikes, dendrite and onsets_ms, the times of spikes.
%
%     u = zeros(1, 500);  u(101:150) = 20;                                       % a pulse of 5 ms, values 0.1 ms apart
%     t = rate2spike_cascade('fig3', struct('input', u, 'tau_na_ms', 30));
if nargin < 1
    error('rate2spike:input', 'rate2spike_cascade needs a figure: ''fig3'', ''fig4'', ''fig5'' or ''fig6''');
end
request.action = 'cascade';
request.figure = r2s_text(figure_name, 'figure_name', '''fig3'', ''fig4'', ''fig5'' or ''fig6''');
if nargin >= 2 && ~(isnumeric(params) && isempty(params))
    if ~isstruct(params) || isempty(params)
        error('rate2spike:input', 'params must be a struct such as struct(''peak'', 1.75), or an array of them, got %s', ...
            r2s_shown(params));
    end
    if ~isempty(fieldnames(params)), request.params = without_strings(params); end
end
answer = r2s_call(request);
traces = answer.runs;
if nargin >= 2 && isstruct(params) && isempty(fieldnames(params)), traces = repmat(traces, size(params)); end
for k = 1:numel(answer.notes), warning('rate2spike:cascade', '%s', answer.notes{k}); end
end

function params = without_strings(params)
% Strings as char rows, which the Python side can read.
names = fieldnames(params);
for k = 1:numel(params)
    for n = 1:numel(names)
        value = params(k).(names{n});
        if isa(value, 'string') && numel(value) == 1, params(k).(names{n}) = char(value); end
    end
end
end
