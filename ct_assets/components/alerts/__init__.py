"""Tells people of syncs that need one, and when they are well again: by chat, mail or pager."""
