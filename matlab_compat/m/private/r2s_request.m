function request = r2s_request(action, model_path, u, stims, downsample, use_initial_weights)
% Arguments of a simulation in the classes that the Python side expects.
if ~ischar(model_path) && ~isa(model_path, 'string')
    error('rate2spike:input', 'model_path must be text, the path of a model file');
end
if ~isempty(stims) && ~(isstruct(stims) && isfield(stims, 'mode'))
    error('rate2spike:input', 'stims must be a struct with the field mode (none, exc or inh)');
end
request.action = action;
request.model_path = char(model_path);
request.u = double(u);
request.downsample = double(downsample);
request.use_initial_weights = double(use_initial_weights);
request.seed = floor(rand * 2^31);
if ~isempty(stims) && ~strcmpi(char(stims.mode), 'none')
    if ~isfield(stims, 'dur') || ~isfield(stims, 'units')
        error('rate2spike:input', 'stims with mode %s needs the fields dur and units', char(stims.mode));
    end
    units = stims.units;
    if islogical(units), units = find(units); end
    request.stims = struct('mode', lower(char(stims.mode)), 'dur', double(stims.dur), 'units', double(units(:))');
end
end
