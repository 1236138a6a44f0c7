"""Files of other programs: NIR, NWB, Neo."""
