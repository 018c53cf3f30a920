"""What a run of ours adds to the results of Allure, where allure-pytest is installed and ``--alluredir`` is given.

``sources`` and ``story`` put clauses and outcomes into Allure's words, ``pages`` makes attachments of a test's
evidence, ``folder`` describes the run, ``cleaning`` keeps secrets out of every file, ``hooks`` ties it to pytest.
Only the last two know Allure's own modules, and nothing imports them before they are wanted.
"""
