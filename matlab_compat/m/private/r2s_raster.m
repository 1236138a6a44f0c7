function r2s_raster(t, spk, inh, name)
% Spikes of one trial in a new figure: excitatory units red, inhibitory ones blue.
figure;
hold on;
groups = {find(~inh(:)), find(inh(:))};
colours = {'r.', 'b.'};
for k = 1:2
    [rows, steps] = find(spk(groups{k}, :));
    plot(t(steps), groups{k}(rows), colours{k}, 'MarkerSize', 4);
end
hold off;
xlim([0 t(end)]); ylim([0 size(spk, 1) + 1]);
xlabel('time (s)'); ylabel('unit'); title(name);
end
