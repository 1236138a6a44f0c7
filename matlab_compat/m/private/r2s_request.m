function request = r2s_request(action, model_path, u, stims, downsample, use_initial_weights)
% Arguments of a simulation in the classes that the Python side expects.
request.action = action;
request.model_path = char(model_path);
request.u = double(u);
request.downsample = double(downsample);
request.use_initial_weights = double(use_initial_weights);
request.seed = floor(rand * 2^31);
if ~isempty(stims) && ~strcmpi(char(stims.mode), 'none')
    units = stims.units;
    if islogical(units), units = find(units); end
    request.stims = struct('mode', lower(char(stims.mode)), 'dur', double(stims.dur), 'units', double(units(:))');
end
end
