function request = r2s_request(action, model_path, u, stims, downsample, use_initial_weights)
% Arguments of a simulation in the classes that the Python side expects.
if ~isempty(stims) && ~(isstruct(stims) && numel(stims) == 1 && isfield(stims, 'mode'))
    error('rate2spike:input', 'stims must be a struct with the field mode (none, exc or inh), got %s', r2s_shown(stims));
end
request.action = action;
request.model_path = r2s_text(model_path, 'model_path', 'the path of a model file');
request.u = r2s_numbers(u, 'u', 'inputs x columns of numbers');
request.downsample = r2s_numbers(downsample, 'downsample', 'a whole number');
request.use_initial_weights = r2s_flag(use_initial_weights, 'use_initial_weights');
request.seed = floor(rand * 2^31);
if isempty(stims), return, end
mode = r2s_text(stims.mode, 'stims.mode', '''none'', ''exc'' or ''inh''');
if ~strcmpi(mode, 'none')
    if ~isfield(stims, 'dur') || ~isfield(stims, 'units')
        error('rate2spike:input', 'stims with mode %s needs the fields dur and units', mode);
    end
    units = stims.units;
    if islogical(units), units = find(units); end
    units = r2s_numbers(units, 'stims.units', 'numbers of units or a logical mask');
    request.stims = struct('mode', lower(mode), 'dur', r2s_numbers(stims.dur, 'stims.dur', '[on off] in steps'), 'units', units(:)');
end
end
