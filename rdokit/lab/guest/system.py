"""placeholder"""
from types import SimpleNamespace


class S:
    def console(self):
        return ""


def build(world, instance):
    return S()


def start(world, instance, system):
    pass
