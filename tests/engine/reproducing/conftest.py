from tests.helpers.torch_rules import one_thread

__all__ = ["one_thread"]
