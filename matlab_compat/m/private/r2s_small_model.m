function n = r2s_small_model(path)
% Write a small random model with Dale's principle, in double precision; returns its number of units.
n = 20;
inh = rand(n, 1) < 0.25;
inh(1) = true;
model.N = n;
model.w = abs(randn(n)) .* (rand(n) < 0.5);
model.w0 = abs(randn(n)) .* (rand(n) < 0.5);
model.m = diag(1 - 2 * inh);
model.som_m = double(rand(n) < 0.9);
model.w_in = 20 * randn(n, 1);
model.w_out = randn(1, n);
model.inh = inh;
model.exc = ~inh;
model.taus_gaus = randn(n, 1);
model.taus_gaus0 = randn(n, 1);
model.taus = [4 20];
if exist('OCTAVE_VERSION', 'builtin')
    save('-v7', path, '-struct', 'model');
else
    save(path, '-struct', 'model', '-v7');
end
end
