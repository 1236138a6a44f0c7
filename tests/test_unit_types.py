"""Types of units where records, networks and models say different things of them."""

import numpy as np
import pytest

from rate2spike import unit_types
from rate2spike.errors import InputError

INHIBITORY, SOM = np.array([False, True, True]), np.array([False, True, False])


def test_names_by_sign_and_somatostatin():
    assert unit_types.by_sign(INHIBITORY).tolist() == ["excitatory", "inhibitory", "inhibitory"]
    assert unit_types.by_sign(INHIBITORY, SOM).tolist() == ["excitatory", "SOM", "PV-like inhibitory"]
    assert unit_types.by_sign(INHIBITORY, SOM & False).tolist() == ["excitatory", "inhibitory", "inhibitory"]


def test_given_names_come_before_signs_and_signs_before_nothing():
    given = np.array(["A", "B", "B"])
    assert unit_types.known(given, INHIBITORY, 3) is given
    assert unit_types.known(None, INHIBITORY, 3).tolist() == ["excitatory", "inhibitory", "inhibitory"]
    assert unit_types.known(None, None, 2).tolist() == ["unknown", "unknown"]


def test_order_and_members():
    types = np.array(["SOM", "E2", "PV", "E1"])
    ordered = unit_types.names_in_order(types, np.array([True, False, True, False]))
    assert ordered == ["E1", "E2", "PV", "SOM"]
    assert unit_types.members(types, ["PV"])["PV"].tolist() == [False, False, True, False]
    with pytest.raises(InputError, match="no unit is of type 'VIP': types are E1, E2, PV, SOM"):
        unit_types.of_type(types, "VIP")
