"""Networks by name."""

import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.neuron_as_net.architecture import PRESETS, ball_and_stick_architecture, preset
from rate2spike.spiking.neuron_as_net.ball_and_stick_fit import ball_and_stick_fit
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.heads import ball_and_stick_heads, layer_5_heads, point_heads
from rate2spike.spiking.twin_study.architecture_names import named_architecture
from rate2spike.spiking.twin_study.cell_kinds import POINT

L5 = (1278, 639, layer_5_heads())


@pytest.mark.parametrize("name", PRESETS)
def test_published_networks(name):
    assert named_architecture(name, *L5) == preset(name)


def test_lists_of_filters_and_widths():
    made = named_architecture("conv-54,24,24-64", *L5)
    assert made == preset("tcn-3x64x100")
    several = named_architecture("conv-45,1-128,64", *L5)
    assert (several.filter_lengths_ms, several.widths) == ((45, 1), (128, 64))


def test_elm_neurons():
    assert named_architecture("elm-20", 1278, 639, layer_5_heads(0)) == ElmArchitecture(
        n_excitatory=639, negative_inhibition=True
    )
    few = named_architecture("elm-8", 100, 80, point_heads(), POINT)
    assert (few.n_branches, few.n_per_branch, few.positive_synapses) == (100, 1, False)
    heads = ball_and_stick_heads(8)
    stick = named_architecture("elm-64", 16, 8, heads, "AMPA_point")
    assert stick.n_parameters == ball_and_stick_fit().architecture.n_parameters


def test_other_cells_have_other_layers():
    made = named_architecture("conv-41,41,41,41,41-32", 16, 8, ball_and_stick_heads(8), "NMDA_cable")
    assert made == ball_and_stick_architecture()
    assert named_architecture("linear-80", 100, 80, point_heads(), POINT).n_parameters == 8005
    assert named_architecture("linear-80", *L5).widths == (22,)  # a unit per output


@pytest.mark.parametrize("name", ["tcn-3x64x10", "elm-", "conv-3", "conv-3,4-5,6,7", "elm-0", "linear-0", "", 3])
def test_other_names_are_one_line(name):
    with pytest.raises(InputError) as caught:
        named_architecture(name, *L5)
    assert str(caught.value).startswith("network ") and "\n" not in str(caught.value)
