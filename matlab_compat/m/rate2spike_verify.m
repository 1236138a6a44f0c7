function worst = rate2spike_verify()
% RATE2SPIKE_VERIFY  Does the package compute what the equations say?
%   worst = rate2spike_verify()
%
%   Makes a small random model, runs it through the plain statement of the equations (RATE2SPIKE_REFERENCE) and through
%   the package, with the same random numbers, in six settings, and compares all seven outputs. Spikes must be equal, the
%   rest within 1e-8; otherwise an error tells which differ. worst: the largest difference found.
folder = tempname;
mkdir(folder);
cleaner = onCleanup(@() r2s_remove(folder));
model_path = fullfile(folder, 'small_go-nogo.mat');
n = r2s_small_model(model_path);

settings = {
    'no stimulation',          struct('mode', 'none'),                                              1, false
    'excitatory stimulation',  struct('mode', 'exc', 'dur', [500 1500], 'units', 1:5),              1, false
    'inhibitory stimulation',  struct('mode', 'inh', 'dur', [500 1500], 'units', (1:n)' > n / 2),   1, false
    'downsampling by 2',       struct('mode', 'none'),                                              2, false
    'initial weights',         struct('mode', 'none'),                                              1, true
    'all of these',            struct('mode', 'exc', 'dur', [1 900], 'units', [2 4]),               2, true
    };
u = zeros(1, 31);
u(8:20) = 1;
worst = 0;
for k = 1:size(settings, 1)
    [name, stims, downsample, initial] = settings{k, :};
    n_steps = 100 * (numel(1:downsample:size(u, 2)) - 1);
    UZ = rand(n + n_steps, 1);
    NZ = randn(n * n_steps, 1);
    expected = cell(1, 7);
    [expected{:}] = rate2spike_reference(model_path, 20, u, stims, downsample, initial, UZ, NZ);
    request = r2s_request('simulate', model_path, u, stims, downsample, initial);
    request.scaling_factor = 20;
    request.UZ = UZ;
    request.NZ = NZ;
    difference = r2s_difference(expected, r2s_call(request));
    fprintf('%-24s %6d spikes, largest difference %.2g\n', name, sum(expected{3}(:)), difference);
    worst = max(worst, difference);
end
if ~(worst < 1e-8)
    error('rate2spike:verify', 'the package and the equations differ by %g: please report this with your versions', worst);
end
fprintf('the package computes what the equations say\n');
end
