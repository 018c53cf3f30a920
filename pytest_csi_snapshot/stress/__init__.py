"""Many objects at once: made, watched, counted and removed, with figures of how long that took.

``crowd`` keeps count of objects while the watch brings their versions, ``load`` makes and removes them at a
bounded rate, ``accounting`` asks whether any was lost, ``measuring`` turns what was seen into ``report.loads``.
"""
