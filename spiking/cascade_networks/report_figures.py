def memorize_figures(config, result, folder):
    return {}


def digit_figures(config, result, digits):
    return {}
