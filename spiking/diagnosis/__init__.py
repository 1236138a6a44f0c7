"""Why a network does not convert, and whether another scaling factor helps."""
