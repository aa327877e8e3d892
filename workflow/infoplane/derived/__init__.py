"""What figures and claims alike derive from a summary: phases, stops, chains of layers, outcomes of trainings."""
