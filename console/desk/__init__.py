"""The one door: policy, intent, call, outcome, undo."""
