"""`voices`: which sentence has whose recording, and what is wrong with an admin's own."""

import argparse
from collections import Counter

from deployment.clock import SystemClock
from deployment.plans import compiled, local_day, plan_inputs
from deployment.settings import Settings
from deployment.voices import FOLDER
from ivr.carrier.local.bank import Bank
from ivr.carrier.local.own import listed, own_sentences


def voices(settings: Settings, _: argparse.Namespace) -> int:
    """Every sentence by the name that its own recording would have; then what is refused."""
    phrases = compiled(plan_inputs(settings), 1, local_day(settings, SystemClock())).phrases
    days, folder = settings.retention_audio_days, settings.data_dir / FOLDER
    own = own_sentences(folder, phrases, days)
    whose: Counter[str] = Counter()
    for line in listed(phrases, days, Bank(own=own.sounds).paths):
        print(line)
        whose[line.split("  ")[1]] += 1
    for file, why in own.refused:
        print(f"refused: {folder / file} {why}")
    changing = whose.pop("changes", 0)
    found = ", ".join(f"{count} {name}" for name, count in sorted(whose.items()))
    print(f"{found}, {len(own.refused)} refused; {changing} change from call to call")
    return 1 if own.refused else 0
