"""Reports: the warehouse's views as tables, CSV or JSON, read with the rights of any BI tool (role bi_reader).

registry   every report: its view, what it says, how it is shown
read       rows from the warehouse
pivot      rows to a grid, models side by side (pure)
look       money, shares and tables as a person reads them
deal, lead one deal or one person, explained
"""
