function worst = r2s_difference(expected, answer)
% Largest difference between the seven outputs; unequal spikes count as infinite.
names = {'W', 'REC', 'spk', 'rs', 'all_fr', 'out'};
worst = 0;
if ~isequal(expected{3}, double(answer.spk)), worst = Inf; end
for k = 1:numel(names)
    worst = max(worst, largest(expected{k}, answer.(names{k})));
end
fields = fieldnames(expected{7});
for k = 1:numel(fields)
    worst = max(worst, largest(expected{7}.(fields{k}), answer.params.(fields{k})));
end
end

function difference = largest(a, b)
difference = Inf;
if isequal(size(a), size(b))
    difference = max([abs(double(a(:)) - double(b(:))); 0]);
end
end
