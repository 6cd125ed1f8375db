"""The suite "sklearn-spaces": models of scikit-learn on small data sets, trained live."""
