function python = r2s_python(choice)
% The Python that has the package, found once per session. choice: use this one; '': search again.
persistent found
if nargin > 0
    found = '';
    if ~isempty(choice)
        if ~r2s_has_package(choice)
            error('rate2spike:python', ['%s cannot import rate2spike. Type there:  %s -m pip install rate2spike  ' ...
                '(or give the Python of the environment in which you installed it)'], choice, choice);
        end
        found = choice;
    end
end
if isempty(found)
    candidates = r2s_candidates();
    for k = 1:numel(candidates)
        if r2s_has_package(candidates{k})
            found = candidates{k};
            break
        end
    end
    if isempty(found)
        error('rate2spike:python', ['no Python with the package rate2spike was found (tried: %s). Type in a terminal ' ...
            '`rate2spike matlab-path`, or here  rate2spike_check(''/path/to/bin/python'')'], strjoin(candidates, ', '));
    end
end
python = found;
end
