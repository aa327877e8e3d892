"""Analysis: from stored activations to labelled estimates, and from those to a summary of an experiment."""
