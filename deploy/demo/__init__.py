"""A small simulated organisation, clearly labelled as such, played through the public API.

Nothing in it is anybody's data: names, moods and kudos come from a seeded generator in `simulation`.
"""
