"""What each test did, saw and waited for, and where its time went: kept while it runs, written when it is over."""
