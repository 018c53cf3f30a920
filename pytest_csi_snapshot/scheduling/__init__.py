"""Which test runs when, and on how many workers: the longest first, those that run alone last.

``usual`` remembers how long tests take, ``estimates`` says so of those that were never run, ``units`` puts
together what shares a source, ``line`` chooses who is next, ``scheduler`` hands that to xdist, ``workers`` says
how many workers are worth it. All of it happens in the process that the user started: workers collect in one
order, whatever is remembered, and are told by number what to run.
"""
