function [python, with_path] = r2s_python(choice)
% The Python that has the package, found once per session, and whether it needs PYTHONPATH for it, which is left out
% otherwise: it often leads to packages of another Python. choice: use this one; '': search again.
persistent found needs_path
if nargin > 0
    found = '';
    if ~isempty(choice)
        [found, needs_path, why] = first_with_package({choice});
        if isempty(found)
            error('rate2spike:python', '%s cannot import rate2spike: %s. %s', choice, why, advice(choice, why));
        end
    end
end
if isempty(found)
    candidates = r2s_candidates();
    [found, needs_path, why] = first_with_package(candidates);
    if isempty(found)
        error('rate2spike:python', ['no Python with the package rate2spike was found (tried: %s; the first ' ...
            'answered: %s). Type in a terminal `rate2spike matlab-path`, or here  rate2spike_check(''/path/to/bin/python'')'], ...
            strjoin(candidates, ', '), why);
    end
end
python = found;
with_path = needs_path;
end

function [found, with_path, why] = first_with_package(candidates)
% why: what the first candidate, the most explicit one, answered.
why = '';
for with_path = [false, true]
    for k = 1:numel(candidates)
        found = candidates{k};
        [is_there, answer] = r2s_has_package(found, with_path);
        if is_there, return, end
        if isempty(why), why = answer; end
    end
    if isempty(getenv('PYTHONPATH')), break, end
end
found = '';
end

function text = advice(python, why)
if isempty(strfind(why, 'No module named')) %#ok<STREMP> - contains() is not in R2016a
    text = 'Does it run in a terminal? (from Python 3.11 on)';
else
    text = sprintf(['Type there:  %s -m pip install rate2spike  (or give the Python of the environment in which you ' ...
        'installed it)'], python);
end
end
