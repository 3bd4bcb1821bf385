"""The catalogue of facts: what connectors report and modules react to."""
