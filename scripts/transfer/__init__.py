"""From fiction to fact: what tuners do on recorded tables of real classifiers."""
