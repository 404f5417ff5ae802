"""Reserved ports."""

import socket

import pytest
from kioku_stack import ports


def test_a_reserved_port_is_bindable_by_its_server_alone():
    """A server that sets SO_REUSEADDR gets the port; one that does not finds it taken."""
    port = ports.reserve()
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind((ports.LOOPBACK, port))
    assert ports.is_free(port)


def test_ports_differ():
    """Reserving many gives each once."""
    taken = [ports.reserve() for _ in range(50)]
    assert len(set(taken)) == 50


def test_a_port_in_use_is_not_free():
    """A listening server is noticed."""
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_a_foreign_server_on_the_port_is_not_taken_for_ours():
    """Starting where somebody else listens fails and names the port."""
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        number = server.getsockname()[1]
        with pytest.raises(ports.PortTaken, match=str(number)):
            ports.require_free(number, patience=0.1)
