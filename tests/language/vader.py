"""VADER's scores, in the baselines' environment: a JSON list of texts on stdin, a list of how negative each is on stdout."""

import json
import sys

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-not-found,unused-ignore]

analyser = SentimentIntensityAnalyzer()
json.dump([-analyser.polarity_scores(text)["compound"] for text in json.load(sys.stdin)], sys.stdout)
